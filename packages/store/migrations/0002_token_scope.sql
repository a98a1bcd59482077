-- What a token may do. Tokens that were made before may do everything, as they could.
--
-- Locks: api_token for an instant; a constant default is not written into the rows.
-- Beside: engines from 0001 on, to which every token is one for everything.
-- Back: every token is one for everything again.
alter table api_token
  add column scope text not null default 'admin'
  constraint api_token_scope_is_known check (scope in ('admin', 'worker', 'trigger', 'read'));
