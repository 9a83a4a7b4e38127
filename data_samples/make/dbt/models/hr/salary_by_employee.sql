select employee_id, sum(salary) as total_salary
from {{ ref('stg_payroll') }}
group by employee_id
