#include <bootcheck/cli/cli.h>

int main(int argc, char **argv)
{
	return bc_cli_main(argc, argv);
}
