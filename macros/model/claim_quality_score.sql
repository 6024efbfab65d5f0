{% macro claim_quality_score() -%}
    {%- set signs = [
        'provider_specialty is not null',
        'patient_age is not null',
        "length(diagnosis_code) > 3",
        'days_to_submit <= 30',
        "claim_status in ('submitted', 'in_review') or allowed_amount is not null",
    ] -%}
    {{ 100 // signs | length }} * (
        {%- for sign in signs %}
        {% if not loop.first %}+ {% endif %}case when {{ sign }} then 1 else 0 end
        {%- endfor %}
    )
{%- endmacro %}
