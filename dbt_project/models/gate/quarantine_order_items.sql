with checked as (

    select
        order_item_id,
        order_id,
        product_id,
        reject_reason,
        quantity,
        unit_price,
        discount_amount,
        line_total,
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
    from {{ ref('int_order_items__checked') }}

),

final as (

    select
        order_item_id,
        order_id,
        product_id,
        reject_reason,
        quantity,
        unit_price,
        discount_amount,
        line_total,
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
    where row_status = 'quarantined'

)

select * from final
