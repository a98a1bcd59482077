alter table workflow drop column deleted_at;
