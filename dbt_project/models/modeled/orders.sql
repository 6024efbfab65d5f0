{{ config(
    unique_key='order_id',
    dist='order_id',
    sort='ordered_at',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_orders') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('int_orders__checked') }}
-- depends_on: {{ ref('int_orders__accepted') }}
-- depends_on: {{ ref('quarantine_orders') }}

{{ guard_upsert() }}

with this_run as (

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
        _file_modified_at
    from {{ ref('int_orders__deduplicated') }}
    where {{ of_this_run() }}

),

{% if is_incremental() %}

    -- an older row never overwrites a newer one
    final as (

        select
            this_run.order_id,
            this_run.customer_id,
            this_run.order_status,
            this_run.currency,
            this_run.shipping_country,
            this_run.item_count,
            this_run.order_total,
            this_run.ordered_at,
            this_run.updated_at,
            this_run._business_at,
            this_run._row_digest,
            this_run._file_id,
            this_run._source_file,
            this_run._file_modified_at
        from this_run
        left join {{ this }} as modeled
            on this_run.order_id = modeled.order_id
        where
            modeled.order_id is null
            or {{ is_newer('this_run', than='modeled') }}

    )

{% else %}

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
            _file_modified_at
        from this_run

    )

{% endif %}

select * from final
