-- Trailing blanks of VARCHAR do not count when values are compared, joined, grouped, made distinct or ordered
-- (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html). PostgreSQL compares VARCHAR as TEXT, in which
-- they count; here VARCHAR has operators of its own, which are those of CHAR.

do $$
declare
    kinds text[] := array['varchar', 'bpchar'];
    operator text;
    left_type text;
    right_type text;
begin
    foreach operator in array array['eq', 'ne', 'lt', 'le', 'gt', 'ge'] loop
        foreach left_type in array kinds loop
            foreach right_type in array kinds loop
                continue when left_type = 'bpchar' and right_type = 'bpchar';
                execute format(
                    'create function pg_catalog.rs_%s(%s, %s) returns boolean language internal immutable strict '
                    'parallel safe as %L',
                    operator, left_type, right_type, 'bpchar' || operator
                );
            end loop;
        end loop;
    end loop;
end
$$;

create operator pg_catalog.= (
    function = pg_catalog.rs_eq, leftarg = varchar, rightarg = varchar, commutator = operator(pg_catalog.=),
    restrict = eqsel, join = eqjoinsel, hashes, merges
);
create operator pg_catalog.<> (
    function = pg_catalog.rs_ne, leftarg = varchar, rightarg = varchar, commutator = operator(pg_catalog.<>),
    negator = operator(pg_catalog.=), restrict = neqsel, join = neqjoinsel
);
create operator pg_catalog.< (
    function = pg_catalog.rs_lt, leftarg = varchar, rightarg = varchar, restrict = scalarltsel, join = scalarltjoinsel
);
create operator pg_catalog.<= (
    function = pg_catalog.rs_le, leftarg = varchar, rightarg = varchar, restrict = scalarlesel, join = scalarlejoinsel
);
create operator pg_catalog.> (
    function = pg_catalog.rs_gt, leftarg = varchar, rightarg = varchar, commutator = operator(pg_catalog.<),
    negator = operator(pg_catalog.<=), restrict = scalargtsel, join = scalargtjoinsel
);
create operator pg_catalog.>= (
    function = pg_catalog.rs_ge, leftarg = varchar, rightarg = varchar, commutator = operator(pg_catalog.<=),
    negator = operator(pg_catalog.<), restrict = scalargesel, join = scalargejoinsel
);

create function pg_catalog.rs_cmp(varchar, varchar) returns integer
language internal immutable strict parallel safe as 'bpcharcmp';
create function pg_catalog.rs_hash(varchar) returns integer
language internal immutable strict parallel safe as 'hashbpchar';
create function pg_catalog.rs_hash(varchar, bigint) returns bigint
language internal immutable strict parallel safe as 'hashbpcharextended';
create function pg_catalog.rs_sort(internal) returns void
language internal immutable strict parallel safe as 'bpchar_sortsupport';

create operator class pg_catalog.rs_varchar_ops default for type varchar using btree as
operator 1 pg_catalog.<,
operator 2 pg_catalog.<=,
operator 3 pg_catalog.=,
operator 4 pg_catalog.>=,
operator 5 pg_catalog.>,
function 1 pg_catalog.rs_cmp(varchar, varchar),
function 2 pg_catalog.rs_sort(internal);

create operator class pg_catalog.rs_varchar_ops default for type varchar using hash as
operator 1 pg_catalog.=,
function 1 pg_catalog.rs_hash(varchar),
function 2 pg_catalog.rs_hash(varchar, bigint);

-- VARCHAR and CHAR
do $$
declare
    pair text[];
    operator text[];
begin
    foreach pair slice 1 in array array[['varchar', 'bpchar'], ['bpchar', 'varchar']] loop
        foreach operator slice 1 in array array[
            ['=', 'eq', 'eqsel'], ['<>', 'ne', 'neqsel'], ['<', 'lt', 'scalarltsel'], ['<=', 'le', 'scalarlesel'],
            ['>', 'gt', 'scalargtsel'], ['>=', 'ge', 'scalargesel']
        ] loop
            execute format(
                'create operator pg_catalog.%s (function = pg_catalog.rs_%s, leftarg = %s, rightarg = %s, restrict = %s)',
                operator[1], operator[2], pair[1], pair[2], operator[3]
            );
        end loop;
    end loop;
end
$$;
