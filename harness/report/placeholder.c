typedef int bc_report_placeholder;
