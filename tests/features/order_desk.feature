@row_T2
Feature: Staff bring orders to an end
  Support takes an order through its life. Each step says what it did, and a step that is closed says why.

  Background:
    Given we sell "Harbour Mug" for 12.50 EUR

  Scenario: Support processes an order that is paid
    Given an order of 2 "Harbour Mug" whose card was authorised
    And I am signed in as support
    When I open the order
    And I press "Process"
    Then the order is "Processing"
    And the money was taken
    And the timeline says that support took it from "Pending" to "Processing"

  Scenario: Support cancels an order, and says why
    Given an order of 2 "Harbour Mug" whose card was authorised
    And I am signed in as support
    When I open the order
    And I cancel it for "Customer changed their mind" and note "Found it cheaper"
    Then the order is "Cancelled"
    And 20 "Harbour Mug" are for sale again
    And the timeline says why: "Found it cheaper"

  Scenario: Support gives back the money of one unit
    Given an order of 2 "Harbour Mug" that was sent and paid
    And I am signed in as support
    When I open the order
    And I refund 1 "Harbour Mug" because it arrived damaged
    Then 12.50 EUR went back to the customer
    And the order is "Completed"

  Scenario: A step that is closed says why
    Given an order of 2 "Harbour Mug" that nobody has paid
    And I am signed in as support
    When I open the order
    Then "Process" is closed because of "authorised or paid"
