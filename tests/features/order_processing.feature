@row_T2 @row_O4
Feature: Order Processing
  As a customer I pay for what lies in my cart, so that it is sent to me.

  Background:
    Given we sell "Harbour Mug" for 12.50 EUR
    And I am logged in as a customer
    And I have 2 "Harbour Mug" in my cart

  Scenario: A payment that succeeds sets the order going
    When I order what is in my cart
    And I submit valid payment details
    Then the order status becomes "processing"
    And I see the success message "Your payment has arrived"
    And the money was taken
    And staff find the order in their list as "Processing"

  Scenario: A card that is declined leaves the order payable
    When I order what is in my cart
    And I submit a card that is declined
    Then the order status becomes "pending"
    And I see why the payment failed
    When I submit valid payment details
    Then the order status becomes "processing"
