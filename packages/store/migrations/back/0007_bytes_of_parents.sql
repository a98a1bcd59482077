alter table task_run drop column parents_bytes;
