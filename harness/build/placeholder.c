typedef int bc_build_placeholder;
