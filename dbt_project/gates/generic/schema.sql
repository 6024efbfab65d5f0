{% test schema(model, dataset) %}

{{ schema_differences(model, dataset) }}

{% endtest %}
