typedef int bc_run_placeholder;
