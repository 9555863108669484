module papers.example/counter

go 1.22
