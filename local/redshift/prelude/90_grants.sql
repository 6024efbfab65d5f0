-- What everyone may read and do.

grant select on all tables in schema pg_catalog to public;

-- as in a new Redshift database, everyone may create in the schema public
grant create on schema public to public;
