{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='order_id',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set bounds = load_bounds() %}

with landed as (

    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        updated_at,
        _narrowing_reasons,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at
    from {{ ref('stg_order_items') }}
    where
        _load_seq > {{ bounds.from_seq }}
        and _load_seq <= {{ bounds.upto_seq }}

),

{% if is_incremental() %}

    -- what the last run left open is looked at again
    carried as (

        select
            order_item_id,
            order_id,
            product_id,
            quantity,
            unit_price,
            discount_amount,
            line_total,
            updated_at,
            _narrowing_reasons,
            _business_at,
            _row_digest,
            _file_id,
            _source_file,
            _file_modified_at,
            _load_seq,
            _loaded_at
        from {{ this }}
        where {{ carried_over(bounds) }}

    ),

    to_check as (

        select * from landed
        union all
        select * from carried

    ),

{% else %}

    to_check as (select * from landed),

{% endif %}

known_orders as (

    select order_id as known_order_id
    from {{ ref('orders') }}

),

checked as (

    select
        to_check.*,
        {{ reject_reasons({
            'order_item_id_missing': is_missing('order_item_id'),
            'order_id_missing': is_missing('order_id'),
            'product_id_missing': is_missing('product_id'),
            'quantity_missing': is_missing('quantity'),
            'quantity_not_positive': 'quantity <= 0',
            'unit_price_missing': is_missing('unit_price'),
            'unit_price_negative': 'unit_price < 0',
            'discount_amount_negative': 'discount_amount < 0',
            'line_total_missing': is_missing('line_total'),
            'line_total_mismatch': "line_total
                <> quantity * unit_price - coalesce(discount_amount, 0)",
            'updated_at_missing': is_missing('updated_at'),
            'updated_at_out_of_range': is_out_of_time('updated_at'),
        }) }} as business_reasons,
        known_orders.known_order_id is not null as has_order
    from to_check
    left join known_orders
        on to_check.order_id = known_orders.known_order_id

),

judged as (

    select
        *,
        {{ join_reasons('_narrowing_reasons', 'business_reasons') }} as reasons
    from checked

),

final as (

    select
        order_item_id,
        order_id,
        product_id,
        cast(case
            when reasons = '' and not has_order then 'order_not_known'
            else reasons
        end as varchar(1000)) as reject_reason,
        cast(case
            when reasons <> '' then 'quarantined'
            when not has_order then 'pending'
            else 'accepted'
        end as varchar(16)) as row_status,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        updated_at,
        _narrowing_reasons,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at,
        cast('{{ invocation_id }}' as varchar(64)) as _run_id,
        cast({{ bounds.from_seq }} as bigint) as _from_seq,
        cast({{ bounds.upto_seq }} as bigint) as _upto_seq
    from judged

)

select * from final
