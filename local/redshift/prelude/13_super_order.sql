-- Equality and order of SUPER values, for DISTINCT, GROUP BY, ORDER BY, joins and set operations. Numbers are compared
-- whatever their digits, strings whatever their trailing blanks, objects whatever the order of their attributes ("deep
-- equal"); among types the order is boolean, number, string, array, object
-- (https://docs.aws.amazon.com/redshift/latest/dg/query-super.html). Of a JSON null no page tells: here it stands behind
-- them, as NULL does. Nor of the order of arrays, and of objects: it is that of PostgreSQL's jsonb.

create cast (json as text) without function as assignment;  -- it is that already
create function pg_catalog.rs_kind_place(value json) returns integer language sql immutable strict parallel safe as $$
    select array_position(array['boolean', 'number', 'string', 'array', 'object', 'null'], json_typeof(value))
$$;
create function pg_catalog.rs_super_cmp(one json, other json) returns integer
language plpgsql immutable strict parallel safe cost 20 as $$
declare
    kind constant text := json_typeof(one);
begin
    if one::text = other::text then
        return 0;
    elsif kind <> json_typeof(other) then
        return rs_kind_place(one) - rs_kind_place(other);
    elsif kind = 'number' then
        return numeric_cmp((one #>> '{}')::numeric, (other #>> '{}')::numeric);
    elsif kind = 'string' then
        return rs_cmp((one #>> '{}')::varchar, (other #>> '{}')::varchar);
    end if;
    return jsonb_cmp(one::jsonb, other::jsonb);
end
$$;
create function pg_catalog.rs_super_hash(value json) returns integer
language plpgsql immutable strict parallel safe cost 20 as $$
begin
    case json_typeof(value)
        when 'string' then return rs_hash((value #>> '{}')::varchar);
        when 'number' then return hash_numeric((value #>> '{}')::numeric);
        when 'object', 'array' then return jsonb_hash(value::jsonb);
        else return hashtext(value::text);
    end case;
end
$$;
create function pg_catalog.rs_super_hash(value json, seed bigint) returns bigint
language sql immutable strict parallel safe as $$ select hashint4extended(rs_super_hash(value), seed) $$;

do $do$
declare
    operator text[];
begin
    foreach operator slice 1 in array array[
        ['=', 'eq', '=', 'eqsel', 'eqjoinsel'], ['<>', 'ne', '<>', 'neqsel', 'neqjoinsel'],
        ['<', 'lt', '>', 'scalarltsel', 'scalarltjoinsel'], ['<=', 'le', '>=', 'scalarlesel', 'scalarlejoinsel'],
        ['>', 'gt', '<', 'scalargtsel', 'scalargtjoinsel'], ['>=', 'ge', '<=', 'scalargesel', 'scalargejoinsel']
    ] loop
        execute format(
            'create function pg_catalog.rs_json_%s(one json, other json) returns boolean '
            'language plpgsql immutable strict parallel safe cost 20 as %L',
            operator[2],
            'begin return ' || case operator[1] when '=' then 'one::text = other::text or ' else '' end
            || 'rs_super_cmp(one, other) ' || operator[1] || ' 0; end'
        );
        execute format(
            'create operator pg_catalog.%s (function = pg_catalog.rs_json_%s, leftarg = json, rightarg = json, '
            'commutator = operator(pg_catalog.%s), restrict = %s, join = %s%s)',
            operator[1], operator[2], operator[3], operator[4], operator[5],
            case operator[1] when '=' then ', hashes' else '' end
        );
    end loop;
end
$do$;
create operator class pg_catalog.rs_json_ops default for type json using btree as
operator 1 pg_catalog.<,
operator 2 pg_catalog.<=,
operator 3 pg_catalog.=,
operator 4 pg_catalog.>=,
operator 5 pg_catalog.>,
function 1 pg_catalog.rs_super_cmp(json, json);

create operator class pg_catalog.rs_json_ops default for type json using hash as
operator 1 pg_catalog.=,
function 1 pg_catalog.rs_super_hash(json),
function 2 pg_catalog.rs_super_hash(json, bigint);

-- MAX and MIN of SUPER, in that order (https://docs.aws.amazon.com/redshift/latest/dg/r_MAX.html)
create function pg_catalog.rs_super_larger(one json, other json) returns json language sql immutable strict as $$
    select case when rs_super_cmp(one, other) >= 0 then one else other end
$$;
create function pg_catalog.rs_super_smaller(one json, other json) returns json language sql immutable strict as $$
    select case when rs_super_cmp(one, other) <= 0 then one else other end
$$;
create aggregate pg_catalog.max(json) (sfunc = rs_super_larger, stype = json);
create aggregate pg_catalog.min(json) (sfunc = rs_super_smaller, stype = json);
