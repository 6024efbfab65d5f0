-- What everyone may read and do.

grant select on all tables in schema pg_catalog to public;

-- Whoever may change a user may set what his sessions begin with (https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html):
-- of a setting that it does not have itself, PostgreSQL asks for the right to set it.
grant set on parameter redshift.enable_case_sensitive_identifier to public;

-- as in a new Redshift database, everyone may create in the schema public
grant create on schema public to public;
