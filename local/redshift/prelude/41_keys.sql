-- Keys that were declared: told by the catalog, and held to by no row. What is kept of them, and when, is in 41_storage.sql.

-- A primary key's columns are NOT NULL: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
create function redshift.refuse_nullable_key(relation oid, keys jsonb) returns void language plpgsql as $$
declare
    nullable text;
begin
    select a.attname into nullable
    from jsonb_array_elements_text(coalesce(keys, '[]')) as k(definition)
    cross join lateral regexp_match(k.definition, 'primary[[:space:]]+key[[:space:]]*[(](.*)[)]', 'i') as m(columns)
    cross join lateral regexp_split_to_table(m.columns[1], ',') as c(name)
    inner join pg_attribute as a on a.attrelid = relation and a.attname = (parse_ident(c.name))[1]
    where not a.attnotnull
    limit 1;
    if nullable is not null then
        raise exception 'primary key cannot be added to the nullable column "%"', nullable using errcode = '42P16';
    end if;
end
$$;

-- A key that was declared is told by pg_constraint and pg_index, as in Redshift, whose planner alone knows it: no row is held
-- to it (https://docs.aws.amazon.com/redshift/latest/dg/t_Defining_constraints.html). So the index is one that PostgreSQL
-- neither fills nor reads, as one that is being dropped. It goes where its table goes, and with a column of its own; it
-- depends on the table, not on columns: PostgreSQL would make it anew, rows held to it, where a column's type changes.
-- DEFERRABLE: PostgreSQL infers nothing of such a key when it groups. Of rows that break a key which is declared of them
-- there is no index: SHOW TABLE alone tells the key.
create function redshift.disregard_keys(relation oid) returns void language plpgsql as $$
declare
    broken name;
begin
    update pg_index set indislive = false, indisready = false, indisvalid = false
    where indrelid = relation and indisunique and indislive;
    if not found then
        for broken in
            select c.conname from pg_constraint as c inner join pg_attribute as a
                on a.attrelid = relation and a.attnum = any(c.conkey) and a.attisdropped
            where c.conrelid = relation and c.contype in ('p', 'u')
        loop
            execute format('alter table %s drop constraint if exists %I', relation::regclass, broken);
        end loop;
        return;
    end if;
    update pg_depend as d set refobjsubid = 0
    from pg_constraint as c
    where d.classid = 'pg_constraint'::regclass and d.objid = c.oid and d.refobjid = relation
        and c.conrelid = relation and c.contype in ('p', 'u');
    -- Sessions that know the table forget its indexes; and nothing fires a trigger for keys that no row is held to, or has a
    -- table that others name kept from TRUNCATE.
    update pg_class set relhastriggers = false where oid = relation;
end
$$;

create function redshift.tell_keys(relation oid, keys jsonb) returns void language plpgsql as $$
declare
    key text;
begin
    perform set_config('redshift.tells_keys', 'on', true);
    for key in
        select k.definition from jsonb_array_elements_text(keys) as k(definition)
        where k.definition ~* '^(constraint[[:space:]].*)?(primary[[:space:]]+key|unique)[[:space:]]*[(]'
    loop
        begin
            execute format('alter table %s add %s deferrable', relation::regclass, key);
        exception
            when unique_violation or duplicate_table or duplicate_object then
                null;
        end;
    end loop;
    perform redshift.disregard_keys(relation);
    perform set_config('redshift.tells_keys', 'off', true);
end
$$;

-- A foreign key is told by pg_constraint too, and its table depends on the one that it names: that cannot be dropped without
-- CASCADE (https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_TABLE.html). PostgreSQL is not asked to make it, which would
-- want an index that holds, and triggers that hold rows to it; so it knows the row of the catalog alone.
create function redshift.tell_foreign_key(relation oid, key jsonb) returns void language plpgsql as $$
declare
    referred oid := to_regclass(key ->> 'table');
    own smallint[] := redshift.key_columns(relation, key -> 'columns');
    theirs smallint[];
    name text := coalesce(key ->> 'name', format('%s_%s_fkey', (select relname from pg_class where oid = relation), key -> 'columns' ->> 0));
    id oid := pg_nextoid('pg_constraint', 'oid', 'pg_constraint_oid_index');
begin
    if referred is null then
        raise exception 'relation "%" does not exist', key ->> 'table' using errcode = '42P01';
    end if;
    if not has_table_privilege(session_user, referred, 'references') then
        raise exception 'permission denied for relation %', key ->> 'table' using errcode = '42501';
    end if;
    theirs := case
        when key ? 'referred' then redshift.key_columns(referred, key -> 'referred')
        else (select conkey from pg_constraint where conrelid = referred and contype = 'p')
    end;
    if theirs is null then
        raise exception 'there is no primary key for referenced table "%"', key ->> 'table' using errcode = '42704';
    end if;
    if cardinality(own) <> cardinality(theirs) then
        raise exception 'number of referencing and referenced columns for foreign key disagree' using errcode = '42830';
    end if;
    if exists (select from pg_constraint where conrelid = relation and conname = name) then
        if key ? 'name' then
            raise exception 'constraint "%" for relation "%" already exists', name, relation::regclass using errcode = '42710';
        end if;
        name := format('%s_%s', name, id);
    end if;
    -- the columns that are not named are those of any constraint: PostgreSQL's versions have different ones. Its planner
    -- reads conpfeqop for every join of such a table; by operator 0 it draws nothing from a key that nothing enforces
    insert into pg_constraint
    select (jsonb_populate_record(model, jsonb_build_object(
        'oid', id, 'conname', name, 'connamespace', (select relnamespace from pg_class where oid = relation), 'contype', 'f',
        'conrelid', relation, 'contypid', 0, 'conindid', 0, 'confrelid', referred, 'confupdtype', 'a', 'confdeltype', 'a',
        'confmatchtype', 's', 'conkey', to_jsonb(own), 'confkey', to_jsonb(theirs), 'conbin', null, 'conexclop', null,
        'conpfeqop', to_jsonb(array_fill(0, array[cardinality(own)]))
    ))).*
    from pg_constraint as model where model.contype = 'c' and model.conrelid = 0 limit 1;
    -- by no column's number, where PostgreSQL would make the key anew with the column, nor by 0, which is an index's
    insert into pg_depend values
        ('pg_constraint'::regclass, id, 0, 'pg_class'::regclass, relation, redshift.storage_place(), 'a'),
        ('pg_constraint'::regclass, id, 0, 'pg_class'::regclass, referred, redshift.storage_place(), 'n');
end
$$;

create function redshift.key_columns(relation oid, names jsonb) returns smallint[] language plpgsql stable as $$
declare
    numbers smallint[] := (
        select array_agg(redshift.column_number(relation, n.name) order by n.place)
        from jsonb_array_elements_text(names) with ordinality as n(name, place)
    );
begin
    if array_position(numbers, null) is not null then
        raise exception 'column "%" referenced in foreign key constraint does not exist', names ->> (array_position(numbers, null) - 1)
            using errcode = '42703';
    end if;
    return numbers;
end
$$;

-- A foreign key goes with a column of its own, or with one that it names.
create function redshift.forget_foreign_keys(relation oid) returns void language plpgsql as $$
declare
    broken record;
begin
    for broken in
        select c.conname, c.conrelid from pg_constraint as c
        where c.contype = 'f' and c.oid in (
            select objid from pg_depend
            where classid = 'pg_constraint'::regclass and refclassid = 'pg_class'::regclass and refobjid = relation
        ) and exists (
            select from pg_attribute as a where a.attisdropped
                and (a.attrelid = c.conrelid and a.attnum = any(c.conkey) or a.attrelid = c.confrelid and a.attnum = any(c.confkey))
        )
    loop
        execute format('alter table %s drop constraint %I', broken.conrelid::regclass, broken.conname);
    end loop;
end
$$;
