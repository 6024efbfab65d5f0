{% macro claim_risk_points() -%}
    case when patient_age < 1 or patient_age >= 65 then 2 else 0 end
        + case
            when diagnosis_chapter in (
                'neoplasms', 'circulatory', 'perinatal', 'congenital'
            ) then 2
            when diagnosis_chapter in (
                'endocrine', 'respiratory', 'injury'
            ) then 1
            else 0
        end
        + case claim_type when 'inpatient' then 2 when 'outpatient' then 1 else 0 end
        + case
            when billed_amount >= 10000 then 2
            when billed_amount >= 1000 then 1
            else 0
        end
        + case when not is_in_network then 1 else 0 end
{%- endmacro %}
