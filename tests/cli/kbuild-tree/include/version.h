#define VERSION "fake"
