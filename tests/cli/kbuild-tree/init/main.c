#include "version.h"

const char version[] = VERSION;
#ifdef CONFIG_MMC
const char mmc[] = "SD cards are in";
#endif
