select department, avg(salary) as average_salary
from {{ ref('stg_payroll') }}
group by department
