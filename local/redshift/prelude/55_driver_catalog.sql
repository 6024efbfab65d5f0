-- What drivers ask of Redshift's own columns of PostgreSQL's catalog (sql/write/catalog.py names them).

-- The codes are those that Redshift's users have written down: of PG_CLASS_INFO's page, which tells the style in effect, 9 (AUTO)
-- is missing (https://docs.aws.amazon.com/redshift/latest/dg/r_PG_CLASS_INFO.html). A view has none, which is 0.
create function redshift.dist_style(relation oid) returns smallint language sql stable as $$
    select (case
        when c.relkind in ('r', 'p', 'm') then case s.diststyle when 'EVEN' then 0 when 'KEY' then 1 when 'ALL' then 8 else 9 end
        else 0
    end)::smallint
    from pg_class as c left join redshift.table_storage as s on s.table_id = c.oid
    where c.oid = relation
$$;

-- Which number stands for which encoding is not documented but for 0, none; format_encoding() tells what it means.
create function redshift.encoding_names() returns text[] language sql immutable as $$
    select '{bytedict, delta, delta32k, lzo, mostly8, mostly16, mostly32, runlength, text255, text32k, zstd, az64}'::text[]
$$;
create function redshift.encoding_type(relation oid, number smallint, type_id oid) returns smallint language sql stable as $$
    select coalesce(array_position(redshift.encoding_names(), redshift.encoding(relation, number, type_id)::text), 0)::smallint
$$;
create function pg_catalog.format_encoding(encoding_type integer) returns bpchar language sql immutable as $$
    select case encoding_type when 0 then 'none' else (redshift.encoding_names())[encoding_type] end
$$;

-- A default is told as its text, by adbin too; so is IDENTITY, which is a default on Redshift.
create view redshift.attrdef as
select oid, adrelid, adnum, pg_get_expr(adbin, adrelid) as adbin, pg_get_expr(adbin, adrelid) as adsrc
from pg_catalog.pg_attrdef
union all
select s.seqrelid, a.attrelid, a.attnum, i.call, i.call
from pg_catalog.pg_sequence as s
inner join pg_catalog.pg_depend as d
    on d.classid = 'pg_class'::regclass and d.objid = s.seqrelid and d.refclassid = 'pg_class'::regclass and d.deptype = 'i'
inner join pg_catalog.pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
cross join lateral (
    select format(
        '%s(%s, %s, ''%s,%s''::text)', case a.attidentity when 'd' then 'default_identity' else '"identity"' end,
        a.attrelid, a.attnum - 1, s.seqstart, s.seqincrement
    ) as call
) as i;
grant select on redshift.attrdef to public;
create function pg_catalog.pg_get_expr(expression text, relation oid) returns text language sql stable as $$
    select expression
$$;

-- PG_TYPE has the columns of PostgreSQL 8.0, which Redshift comes from: drivers of PostgreSQL's ask for later ones, and fail.
create view redshift.type as
select
    oid, typname, typnamespace, typowner, typlen, typbyval, typtype, typisdefined, typdelim, typrelid, typelem, typinput,
    typoutput, typreceive, typsend, typanalyze, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims,
    typdefaultbin, typdefault
from pg_catalog.pg_type;
grant select on redshift.type to public;

-- No key is enforced, and so none is DEFERRABLE (41_keys.sql).
create function pg_catalog.rs_constraint_definition(id oid, is_pretty boolean default false) returns text
language sql stable as $$ select replace(pg_get_constraintdef(id, is_pretty), ' DEFERRABLE', '') $$;
