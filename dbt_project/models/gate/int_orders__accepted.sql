with checked as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        item_count,
        order_total,
        ordered_at,
        updated_at,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at,
        _run_id,
        _from_seq,
        _upto_seq,
        row_status
    from {{ ref('int_orders__checked') }}

),

final as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        item_count,
        order_total,
        ordered_at,
        updated_at,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at,
        _run_id,
        _from_seq,
        _upto_seq
    from checked
    where row_status = 'accepted'

)

select * from final
