select department, avg(salary) as average_salary
from {{ ref('stg_payroll') }}
group by department
having count(distinct employee_id) >= 10
