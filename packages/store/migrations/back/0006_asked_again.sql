drop table asked_again;
