-- Functions of SUPER arrays, in which NULL is an element: https://docs.aws.amazon.com/redshift/latest/dg/c_Array_Functions.html
-- What is no array has NULL. Elements are equal as SUPER values are: 1 and 1.0 too.

-- One row for each element that is equal to the value; none where there is none, and no row at all counts as not known
-- where NULLs do not match (https://docs.aws.amazon.com/redshift/latest/dg/array_positions.html).
create function pg_catalog.rs_array_places(value json, wanted json, null_match boolean) returns integer[]
language sql immutable as $$
    select case
        when json_typeof(value) <> 'array' or null_match is null then null
        when not null_match and coalesce(wanted, 'null') = 'null' then null
        else (
            -- Not by @>, to which [[1, 2]] has the element [1].
            select
                case
                    when not null_match and not bool_or(e.is_equal) and bool_or(e.element = 'null') then null
                    else coalesce(array_agg((e.place - 1)::integer order by e.place) filter (where e.is_equal), '{}')
                end
            from (
                select element, place, element = coalesce(wanted, 'null') as is_equal
                from json_array_elements(value) with ordinality as elements (element, place)
            ) as e
        )
    end
$$;
create function pg_catalog.rs_array_contains(value json, wanted json, null_match boolean default true) returns boolean
language sql immutable as $$ select cardinality(rs_array_places(value, wanted, null_match)) > 0 $$;
create function pg_catalog.rs_array_position(value json, wanted json, null_match boolean default true) returns integer
language sql immutable as $$
    select case when places = '{}' then -1 else places[1] end from rs_array_places(value, wanted, null_match) as places
$$;
create function pg_catalog.rs_array_positions(value json, wanted json, null_match boolean default true) returns super
language sql immutable as $$ select to_json(rs_array_places(value, wanted, null_match)) $$;

create function pg_catalog.rs_elements(value json) returns table (element json, place bigint, copy bigint)
language sql immutable strict as $$
    select e.element, e.place, row_number() over (partition by e.element order by e.place)
    from json_array_elements(case json_typeof(value) when 'array' then value end) with ordinality as e(element, place)
$$;
create function pg_catalog.array_distinct(value json) returns super language sql immutable strict as $$
    select case when json_typeof(value) = 'array' then (
        select rs_in_brackets(string_agg(e.element::text, ',' order by e.place)) from rs_elements(value) as e where e.copy = 1
    ) end
$$;
create function pg_catalog.array_intersection(one json, other json, is_distinct boolean default false) returns super
language sql immutable strict as $$
    select case when json_typeof(one) = 'array' and json_typeof(other) = 'array' then (
        select rs_in_brackets(string_agg(e.element::text, ',' order by e.place))
        from rs_elements(one) as e inner join rs_elements(other) as o on e.element = o.element and e.copy = o.copy
        where not is_distinct or e.copy = 1
    ) end
$$;
create function pg_catalog.array_except(one json, other json, is_distinct boolean default false) returns super
language sql immutable strict as $$
    select case when json_typeof(one) = 'array' and json_typeof(other) = 'array' then (
        select rs_in_brackets(string_agg(e.element::text, ',' order by e.place))
        from rs_elements(one) as e
        where (e.copy = 1 or not is_distinct) and not exists (
            select 1 from rs_elements(other) as o where e.element = o.element and (is_distinct or e.copy = o.copy)
        )
    ) end
$$;
create function pg_catalog.arrays_overlap(one json, other json) returns boolean language sql immutable strict as $$
    select case when json_typeof(one) = 'array' and json_typeof(other) = 'array' then array_intersection(one, other) <> '[]' end
$$;
-- of NULLs no place: last where the order ascends, and first where it descends
create function pg_catalog.array_sort(value json, is_ascending boolean default true, nulls_first boolean default null)
returns super language sql immutable as $$
    select case when json_typeof(value) = 'array' and is_ascending is not null then (
        select rs_in_brackets(
            string_agg(
                e.element::text, ','
                order by
                    (e.element::text = 'null') <> coalesce(nulls_first, not is_ascending),
                    case when is_ascending then e.element end,
                    case when not is_ascending then e.element end desc
            )
        )
        from json_array_elements(value) as e(element)
    ) end
$$;
