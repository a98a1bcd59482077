alter table api_token drop column scope;
