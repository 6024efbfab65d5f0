-- Names that PostgreSQL would cut have shorter ones here (names.py); the catalog tells the true ones.

create function pg_catalog.rs_kept_name(digest text) returns text language sql stable security definer
set search_path = pg_catalog as $$
    select case when digest ~ '^[0-9a-f]{16}$' then pg_read_file('redshift_names/' || digest, true) end
$$;

create function pg_catalog.rs_true_name(name text) returns text language sql stable as $$
    select case
        when name like '%_rs________________' and name ~ '_rs[0-9a-f]{16}$'
        then coalesce(pg_catalog.rs_kept_name(right(name, 16)), name)
        else name
    end
$$;
