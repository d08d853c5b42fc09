#include <bootcheck/base/mem.h>
#include <bootcheck/sys/json.h>

#include "../check_main.h"

static struct bc_json *parse(const char *text)
{
	struct bc_err err;
	struct bc_json *json = bc_json_parse(text, strlen(text), &err);
	ck_assert_msg(json != NULL, "%s: %s", text, json ? "" : err.message);
	return json;
}

START_TEST(writes_in_order)
{
	BC_AUTO_JSON *o = bc_json_new_object();
	struct bc_json *list = bc_json_new_array();
	bc_json_set_string(o, "z", "text");
	bc_json_set_int(o, "a", -5);
	bc_json_set_bool(o, "m", true);
	bc_json_set_string(o, "absent", NULL);
	bc_json_append(list, bc_json_new_real(0.5));
	bc_json_append(list, bc_json_new_string(NULL));
	bc_json_set(o, "list", list);
	BC_AUTO(bc_buf) out = {0};
	bc_json_print(o, false, &out);
	ck_assert_str_eq(out.data, "{\"z\":\"text\",\"a\":-5,\"m\":true,\"list\":[0.5,null]}");
	bc_buf_clear(&out);
	bc_json_print(bc_json_get(o, "list"), true, &out);
	ck_assert_str_eq(out.data, "[\n  0.5,\n  null\n]");
}
END_TEST

START_TEST(strings_become_valid)
{
	BC_AUTO_JSON *s = bc_json_new_string("a\xff\xc3\xa9\033");
	BC_AUTO(bc_buf) out = {0};
	bc_json_print(s, false, &out);
	ck_assert_str_eq(out.data, "\"a\xef\xbf\xbd\xc3\xa9\\u001B\"");
}
END_TEST

START_TEST(reads_with_fallbacks)
{
	BC_AUTO_JSON *o =
		parse("{\"t\": \"x\", \"n\": 7, \"b\": false, \"l\": [1, {}], \"u\": null}");
	ck_assert_str_eq(bc_json_get_string(o, "t", "no"), "x");
	ck_assert_str_eq(bc_json_get_string(o, "n", "no"), "no");
	ck_assert_int_eq(bc_json_get_int(o, "n", 0), 7);
	ck_assert_int_eq(bc_json_get_int(o, "t", 3), 3);
	ck_assert(!bc_json_get_bool(o, "b", true));
	ck_assert(bc_json_get_bool(o, "none", true));
	ck_assert_uint_eq(bc_json_len(bc_json_get(o, "l")), 2);
	ck_assert(bc_json_is_object(bc_json_at(bc_json_get(o, "l"), 1)));
	ck_assert_ptr_null(bc_json_at(bc_json_get(o, "l"), 2));
	ck_assert_ptr_null(bc_json_get(NULL, "x"));
	ck_assert_ptr_null(bc_json_get(bc_json_get(o, "l"), "x"));
	ck_assert_uint_eq(bc_json_len(o), 0);
	ck_assert_ptr_null(bc_json_string(bc_json_get(o, "n")));
}
END_TEST

static void add_key(void *ctx, const char *key, struct bc_json *value)
{
	(void)value;
	bc_buf_adds(ctx, key);
}

START_TEST(iterates_in_order)
{
	BC_AUTO_JSON *o = parse("{\"z\": 1, \"a\": 2, \"m\": 3}");
	BC_AUTO(bc_buf) keys = {0};
	bc_json_each(o, add_key, &keys);
	ck_assert_str_eq(keys.data, "zam");
}
END_TEST

START_TEST(refuses_what_is_hostile)
{
	static const struct {
		const char *text;
		enum bc_code code;
	} bad[] = {{"", BC_E_FORMAT}, {"{\"a\":1,\"a\":2}", BC_E_FORMAT},
		{"{\"a\":1} x", BC_E_FORMAT}, {"\"\xff\"", BC_E_FORMAT}, {"{'a':1}", BC_E_FORMAT},
		{"[1,]", BC_E_FORMAT}};
	struct bc_err err;
	for (size_t i = 0; i < BC_LEN(bad); i++) {
		ck_assert_ptr_null(bc_json_parse(bad[i].text, strlen(bad[i].text), &err));
		ck_assert_int_eq(err.code, bad[i].code);
	}
	char deep[101];
	memset(deep, '[', sizeof(deep));
	ck_assert_ptr_null(bc_json_parse(deep, sizeof(deep), &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	ck_assert_ptr_null(bc_json_parse("{\n  \"a\": x}", 11, &err));
	ck_assert_int_eq(err.line, 2);
}
END_TEST

CHECK_MAIN("json", writes_in_order, strings_become_valid, reads_with_fallbacks, iterates_in_order,
	refuses_what_is_hostile)
