typedef int bc_plan_placeholder;
