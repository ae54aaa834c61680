@row_T2
Feature: An auditor finds who did what, and proves that the record is whole

  Background:
    Given we sell "Harbour Mug" for 12.50 EUR
    And an order of 2 "Harbour Mug" whose card was authorised
    And support cancelled it because of "Ordered twice by mistake"
    And I am signed in as auditor

  Scenario: The auditor finds who cancelled an order, and why
    When I open the order
    Then the timeline says that support took it from "Pending" to "Cancelled"
    And the timeline says why: "Ordered twice by mistake"
    And no step is offered to me

  Scenario: The auditor proves the record
    Given the record was sealed
    When I verify the record
    Then the record is whole

  Scenario: A row that was changed behind our back is found
    Given the record was sealed
    And somebody changed a sealed row in the database
    When I verify the record
    Then the record is broken and names the row
