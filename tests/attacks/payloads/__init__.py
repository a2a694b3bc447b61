"""Payloads that would run or ask somebody, and a real browser that opens what becomes of them."""
