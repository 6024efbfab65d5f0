-- which files make a snapshot is listed, perhaps twice; what has landed, in ledgers
with listed as (

    select distinct
        dataset,
        end_file_id,
        ended_at,
        file_id
    from {{ ops_table('snapshot_files') }}

),

landed as (

    select
        dataset,
        file_id,
        source_file,
        row_count,
        load_seq,
        loaded_at
    from {{ ref('stg_landed_files') }}
    where not is_undone

),

members as (

    select
        listed.dataset,
        listed.end_file_id,
        listed.ended_at,
        listed.file_id,
        landed.source_file,
        landed.row_count,
        landed.load_seq,
        landed.loaded_at
    from listed
    left join landed
        on
            listed.dataset = landed.dataset
            and listed.file_id = landed.file_id

),

complete as (

    select
        dataset,
        end_file_id,
        ended_at,
        max(case when file_id = end_file_id then source_file end)
            as end_source_file,
        sum(row_count) as snapshot_rows,
        max(load_seq) as complete_seq,
        max(case when file_id = end_file_id then loaded_at end)
            as end_loaded_at
    from members
    group by dataset, end_file_id, ended_at
    having count(*) = count(load_seq)

),

final as (

    select
        members.file_id,
        complete.dataset,
        complete.end_file_id,
        complete.end_source_file,
        -- of two snapshots the later one has the greater text
        to_char(complete.ended_at, 'YYYY-MM-DD HH24:MI:SS.US')
        || ' ' || complete.end_file_id as snapshot_id,
        complete.snapshot_rows,
        complete.complete_seq,
        complete.ended_at,
        complete.end_loaded_at
    from complete
    inner join members
        on
            complete.dataset = members.dataset
            and complete.end_file_id = members.end_file_id

)

select * from final
