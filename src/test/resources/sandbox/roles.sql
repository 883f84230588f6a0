-- The roles of a Supabase project. They belong to the whole cluster, so they are made once per server, by its superuser.
-- `postgres` is what migrations run as: no superuser there, and here not even exempt from row security, which is stricter
-- than the real one.
create role postgres login createrole createdb;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role supabase_functions_admin login noinherit createrole;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres;
grant supabase_functions_admin to postgres;

alter role postgres set search_path = "$user", public, extensions;
-- Whatever a trigger on auth.users calls sees this path, and nothing of the app's.
alter role supabase_auth_admin set search_path = auth;
