@row_T2
Feature: A merchandiser loads a price list and takes it back
  Every cell is seen before and after, and nothing is changed until somebody says so.

  Background:
    Given we sell "Harbour Mug" for 12.50 EUR
    And I am signed in as merchandiser

  Scenario: A price list is previewed, applied, and taken back
    When I upload a sheet that says "Harbour Mug" costs 14.00 EUR
    Then the preview shows 12.50 EUR becoming 14.00 EUR
    And "Harbour Mug" still costs 12.50 EUR
    When I apply the sheet
    Then "Harbour Mug" costs 14.00 EUR
    When I take the sheet back
    Then "Harbour Mug" costs 12.50 EUR

  Scenario: A sheet with a fault changes nothing and says where the fault is
    When I upload a sheet that says "Harbour Mug" costs "on request"
    Then the preview shows a fault in the row of "Harbour Mug"
    And "Harbour Mug" still costs 12.50 EUR
