module stoa.test

go 1.19
