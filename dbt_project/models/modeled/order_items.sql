{{ config(
    unique_key='order_item_id',
    dist='order_id',
    sort='order_id',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_order_items') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('int_order_items__checked') }}
-- depends_on: {{ ref('int_order_items__accepted') }}
-- depends_on: {{ ref('quarantine_order_items') }}
-- depends_on: {{ ref('pending_order_items') }}

{{ guard_upsert() }}

with this_run as (

    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        updated_at,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at
    from {{ ref('int_order_items__deduplicated') }}
    where {{ of_this_run() }}

),

{% if is_incremental() %}

    -- an older row never overwrites a newer one
    final as (

        select
            this_run.order_item_id,
            this_run.order_id,
            this_run.product_id,
            this_run.quantity,
            this_run.unit_price,
            this_run.discount_amount,
            this_run.line_total,
            this_run.updated_at,
            this_run._business_at,
            this_run._row_digest,
            this_run._file_id,
            this_run._source_file,
            this_run._file_modified_at
        from this_run
        left join {{ this }} as modeled
            on this_run.order_item_id = modeled.order_item_id
        where
            modeled.order_item_id is null
            or {{ is_newer('this_run', than='modeled') }}

    )

{% else %}

    final as (

        select
            order_item_id,
            order_id,
            product_id,
            quantity,
            unit_price,
            discount_amount,
            line_total,
            updated_at,
            _business_at,
            _row_digest,
            _file_id,
            _source_file,
            _file_modified_at
        from this_run

    )

{% endif %}

select * from final
