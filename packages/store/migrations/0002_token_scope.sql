-- What a token may do. Tokens that were made before may do everything, as they could.
--
-- Locks api_token for an instant: a constant default is not written into the rows. Back: drop the column, which makes
-- every token one for everything again.
alter table api_token
  add column scope text not null default 'admin'
  constraint api_token_scope_is_known check (scope in ('admin', 'worker', 'trigger', 'read'));
