-- The places of the OUT arguments of the procedures that a CALL may mean, which it does not name (calls.py); NULL where they
-- differ, or there are none.
create function pg_catalog.rs_out_places(name text, inputs integer) returns text language sql stable as $$
    select nullif(min(found.places), '')
    from (
        select array_to_string(array(
            select m.place from unnest(p.proargmodes) with ordinality as m(mode, place) where m.mode = 'o' order by 1
        ), ',') as places
        from pg_proc as p
        inner join pg_namespace as n on p.pronamespace = n.oid
        cross join parse_ident(rs_out_places.name) as parts
        where p.prokind = 'p' and p.proname = parts[cardinality(parts)]
            and case
                when cardinality(parts) > 1 then n.nspname = parts[cardinality(parts) - 1]
                else n.nspname = any(current_schemas(true))
            end
            and case
                when p.proargmodes is null then p.pronargs
                else (select count(*) from unnest(p.proargmodes) as m(mode) where m.mode in ('i', 'b'))
            end = rs_out_places.inputs
    ) as found
    having count(distinct found.places) = 1
$$;
