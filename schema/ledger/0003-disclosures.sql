-- Version 3: the day from which on a disclosure is to be erased.
ALTER TABLE disclosures ADD COLUMN expires TEXT;
