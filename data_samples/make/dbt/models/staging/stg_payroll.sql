select employee_id, department, salary, paid_on
from {{ source('raw', 'payroll') }}
