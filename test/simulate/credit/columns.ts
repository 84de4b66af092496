/** The columns of the exercise's data (credit histories of 150,000 people), with an id for the first, which has no name there. */
export const COLUMNS = [
  'id',
  'SeriousDlqin2yrs',
  'RevolvingUtilizationOfUnsecuredLines',
  'age',
  'NumberOfTime30-59DaysPastDueNotWorse',
  'DebtRatio',
  'MonthlyIncome',
  'NumberOfOpenCreditLinesAndLoans',
  'NumberOfTimes90DaysLate',
  'NumberRealEstateLoansOrLines',
  'NumberOfTime60-89DaysPastDueNotWorse',
  'NumberOfDependents',
] as const;

export const ROWS = 150_000;

/** What a person declares of them. */
export const SCHEMA = {
  columns: Object.fromEntries(
    COLUMNS.map((name) => [
      name,
      name === 'RevolvingUtilizationOfUnsecuredLines' || name === 'DebtRatio' ? 'DOUBLE' : 'BIGINT',
    ]),
  ),
  null: ['NA', ''],
};
