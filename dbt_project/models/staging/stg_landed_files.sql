with order_summary as (

    select
        'order_summary' as dataset,
        file_id,
        bucket,
        key,
        row_count,
        load_seq,
        loaded_at,
        undone_at
    from {{ source('ledger', 'order_summary') }}

),

order_items as (

    select
        'order_items' as dataset,
        file_id,
        bucket,
        key,
        row_count,
        load_seq,
        loaded_at,
        undone_at
    from {{ source('ledger', 'order_items') }}

),

all_datasets as (

    select * from order_summary
    union all
    select * from order_items

),

final as (

    select
        file_id,
        dataset,
        's3://' || bucket || '/' || key as source_file,
        row_count,
        load_seq,
        undone_at is not null as is_undone,
        loaded_at
    from all_datasets

)

select * from final
