#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>

/* The first number in a small file, -1 if there is none (also for "max"). */
static int64_t number_in(const char *path, const char *label)
{
	BC_AUTO(bc_buf) text = {.max = 1 << 16};
	if (!bc_fs_read(path, 1 << 16, &text, NULL) || !text.data)
		return -1;
	const char *p = label ? strstr(text.data, label) : text.data;
	if (!p)
		return -1;
	p += label ? strlen(label) : 0;
	p += strspn(p, " \t");
	return *p >= '0' && *p <= '9' ? strtoll(p, NULL, 10) : -1;
}

int bc_host_cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	BC_AUTO(bc_buf) text = {.max = 256};
	long long quota, period;
	/* cgroup v2: "quota period" or "max period" */
	if (bc_fs_read("/sys/fs/cgroup/cpu.max", 255, &text, NULL) && text.data &&
		sscanf(text.data, "%lld %lld", &quota, &period) == 2 && period > 0) {
		int limit = (int)((quota + period - 1) / period);
		n = limit < n ? limit : n;
	}
	return n > 0 ? n : 1;
}

uint64_t bc_host_memory_free(void)
{
	int64_t kib = number_in("/proc/meminfo", "MemAvailable:");
	uint64_t bytes = kib > 0 ? (uint64_t)kib << 10 : (uint64_t)1 << 30;
	int64_t limit = number_in("/sys/fs/cgroup/memory.max", NULL);
	int64_t used = number_in("/sys/fs/cgroup/memory.current", NULL);
	if (limit > 0 && used >= 0 && limit > used && (uint64_t)(limit - used) < bytes)
		bytes = (uint64_t)(limit - used);
	return bytes;
}

bool bc_host_stolen(const char *stat, uint64_t *worked, uint64_t *stolen)
{
	/* user nice system idle iowait irq softirq steal */
	unsigned long long t[8];
	if (sscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		    &t[4], &t[5], &t[6], &t[7]) != 8)
		return false;
	*worked = t[0] + t[1] + t[2] + t[5] + t[6];
	*stolen = t[7];
	return true;
}

int64_t bc_host_disk_free(const char *path)
{
	struct statvfs st;
	uint64_t bytes;
	if (statvfs(path, &st) != 0 ||
		__builtin_mul_overflow((uint64_t)st.f_bavail, (uint64_t)st.f_frsize, &bytes))
		return -1;
	return bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes;
}

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *find_in(const char *path, const char *program)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, ":");
		BC_AUTO_FREE char *dir = n ? bc_strndup(p, n) : bc_strdup(".");
		BC_AUTO_FREE char *full = bc_path_join(dir, program);
		if (is_program(full))
			return BC_TAKE(full);
		p += n;
		p += *p == ':';
	}
	return NULL;
}

char *bc_host_find(const char *program)
{
	if (strchr(program, '/'))
		return is_program(program) ? bc_strdup(program) : NULL;
	const char *path = getenv("PATH");
	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	char *found = find_in(path, program);
	/* Servers are where a user's PATH often does not lead. */
	return found || strstr(path, "sbin") ? found : find_in("/usr/sbin:/sbin", program);
}

static int by_base(const void *a, const void *b)
{
	return strcmp(bc_path_base(*(char *const *)a), bc_path_base(*(char *const *)b));
}

void bc_host_find_all(const char *prefix, struct bc_strs *paths)
{
	const char *path = getenv("PATH");
	BC_AUTO(bc_strs) seen = {0};
	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");
		BC_AUTO_FREE char *dir = n ? bc_strndup(p, n) : bc_strdup(".");
		BC_AUTO(bc_strs) names = {0};
		if (bc_fs_list(dir, &names, NULL)) {
			bc_vec_each (name, &names) {
				BC_AUTO_FREE char *full = bc_path_join(dir, *name);
				if (!bc_has_prefix(*name, prefix) || bc_strs_has(&seen, *name) ||
					!is_program(full))
					continue;
				bc_strs_add(&seen, *name);
				bc_strs_add(paths, full);
			}
		}
		p += n;
		p += *p == ':';
	}
	if (paths->len)
		qsort(paths->items, paths->len, sizeof(char *), by_base);
}

char *bc_host_name(void)
{
	struct utsname name;
	return bc_strdup(uname(&name) == 0 ? name.nodename : "localhost");
}

/* Debian 12's packages of the emulators and tools that cases need. */
static const struct {
	const char *package, *programs; /* programs: space separated, with a space at both ends */
} packages[] = {
	{"qemu-system-arm", " qemu-system-arm qemu-system-aarch64 "},
	{"qemu-system-x86", " qemu-system-x86_64 qemu-system-i386 "},
	{"qemu-system-ppc", " qemu-system-ppc qemu-system-ppc64 qemu-system-ppc64le "},
	{"qemu-system-mips",
		" qemu-system-mips qemu-system-mipsel qemu-system-mips64 qemu-system-mips64el "},
	{"qemu-system-sparc", " qemu-system-sparc qemu-system-sparc64 "},
	{"qemu-system-misc",
		" qemu-system-alpha qemu-system-avr qemu-system-cris qemu-system-hppa "
		"qemu-system-loongarch64 qemu-system-m68k qemu-system-microblaze "
		"qemu-system-microblazeel qemu-system-nios2 qemu-system-or1k qemu-system-riscv32 "
		"qemu-system-riscv64 qemu-system-rx qemu-system-s390x qemu-system-sh4 "
		"qemu-system-sh4eb qemu-system-tricore qemu-system-xtensa qemu-system-xtensaeb "},
	{"qemu-utils", " qemu-img "},
	{"apt", " apt-get apt-cache apt-config apt-helper "},
	{"git", " git "},
	{"gcc", " gcc "},
	{"gcc-arm-linux-gnueabi libc6-dev-armel-cross", " arm-linux-gnueabi-gcc "},
	{"gcc-arm-linux-gnueabihf libc6-dev-armhf-cross", " arm-linux-gnueabihf-gcc "},
	{"gcc-aarch64-linux-gnu libc6-dev-arm64-cross", " aarch64-linux-gnu-gcc "},
	{"gcc-i686-linux-gnu libc6-dev-i386-cross", " i686-linux-gnu-gcc "},
	{"gcc-x86-64-linux-gnu libc6-dev-amd64-cross", " x86_64-linux-gnu-gcc "},
	{"gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross", " powerpc64le-linux-gnu-gcc "},
	{"gcc-powerpc-linux-gnu libc6-dev-powerpc-cross", " powerpc-linux-gnu-gcc "},
	{"gcc-mips64el-linux-gnuabi64 libc6-dev-mips64el-cross", " mips64el-linux-gnuabi64-gcc "},
	{"gcc-mips-linux-gnu libc6-dev-mips-cross", " mips-linux-gnu-gcc "},
	{"gcc-mipsel-linux-gnu libc6-dev-mipsel-cross", " mipsel-linux-gnu-gcc "},
	{"gcc-riscv64-linux-gnu libc6-dev-riscv64-cross", " riscv64-linux-gnu-gcc "},
	{"gcc-s390x-linux-gnu libc6-dev-s390x-cross", " s390x-linux-gnu-gcc "},
	{"make", " make "},
	{"flex", " flex "},
	{"bison", " bison "},
	{"bc", " bc "},
	{"patch", " patch "},
	{"kmod", " depmod "},
	{"cpp", " cpp "},
	{"device-tree-compiler", " dtc fdtoverlay "},
	{"u-boot-tools", " mkimage mkenvimage dumpimage "},
	{"tftpd-hpa", " in.tftpd "},
	{"fdisk", " sfdisk "},
	{"squashfs-tools", " sqfstar mksquashfs unsquashfs "},
};

const char *bc_host_package(const char *program)
{
	BC_AUTO_FREE char *padded = bc_asprintf(" %s ", bc_path_base(program));
	for (size_t i = 0; i < BC_LEN(packages); i++)
		if (strstr(packages[i].programs, padded))
			return packages[i].package;
	return NULL;
}
