/* As the real one: what it takes in is in no list of dependencies. */
	.section .piggydata, "a"
	.incbin	"vmlinux"
