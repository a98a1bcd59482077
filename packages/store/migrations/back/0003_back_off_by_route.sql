drop index task_run_back_off;
